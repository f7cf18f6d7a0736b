// The AWS SDK for Go (version 2, Debian's) against Varve: structs in and out, built expressions, paginators, waiters, error types. It alone
// of the SDKs here checks the CRC-32 of each answer and says "Accept-Encoding: identity" unless it is told to compress.
//
//	VARVE_ENDPOINT=http://127.0.0.1:8000 GO111MODULE=off GOPATH=/usr/share/gocode go test -v client_test.go
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

var (
	ctx    = context.Background()
	client = connect(func(*dynamodb.Options) {})
	table  = aws.String("GoSongs")
)

type song struct {
	Artist  string
	Track   int
	Title   string            `dynamodbav:",omitempty"`
	Seconds float64           `dynamodbav:",omitempty"`
	Genres  []string          `dynamodbav:",stringset,omitempty"`
	Credits map[string]string `dynamodbav:",omitempty"`
	Cover   []byte            `dynamodbav:",omitempty"`
	Plays   int
}

func connect(change func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:           "us-east-1",
		Credentials:      credentials.NewStaticCredentialsProvider("local", "local", ""),
		EndpointResolver: dynamodb.EndpointResolverFromURL(os.Getenv("VARVE_ENDPOINT")),
	}, change)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got, want interface{}) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func key(artist string, track int) map[string]types.AttributeValue {
	item, err := attributevalue.MarshalMap(map[string]interface{}{"Artist": artist, "Track": track})
	if err != nil {
		panic(err)
	}
	return item
}

func put(t *testing.T, s song) {
	t.Helper()
	item, err := attributevalue.MarshalMap(s)
	must(t, err)
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: item})
	must(t, err)
}

func TestMain(m *testing.M) {
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   table,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("Artist"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("Track"), AttributeType: types.ScalarAttributeTypeN}},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("Artist"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("Track"), KeyType: types.KeyTypeRange}}})
	if err == nil {
		err = dynamodb.NewTableExistsWaiter(client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: table}, time.Minute)
	}
	if err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestStructsComeBackAsTheyWent(t *testing.T) {
	want := song{"Nina Simone", 1, "Sinnerman", 622.5, []string{"jazz", "soul"}, map[string]string{"piano": "Nina Simone"}, []byte{0, 255}, 3}
	put(t, want)
	answer, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key("Nina Simone", 1), ConsistentRead: aws.Bool(true)})
	must(t, err)
	var got song
	must(t, attributevalue.UnmarshalMap(answer.Item, &got))
	equal(t, got, want)
	absent, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key("Nina Simone", 2)})
	must(t, err)
	equal(t, len(absent.Item), 0)
}

func TestBuiltExpressionsUpdateAndRefuse(t *testing.T) {
	put(t, song{Artist: "Update", Track: 1, Title: "first", Plays: 1})
	update := expression.Set(expression.Name("Title"), expression.Value("second")).Add(expression.Name("Plays"), expression.Value(2))
	for _, limit := range []int{10, 2} {
		built, err := expression.NewBuilder().WithUpdate(update).WithCondition(expression.Name("Plays").LessThan(expression.Value(limit))).Build()
		must(t, err)
		answer, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: table, Key: key("Update", 1), ReturnValues: types.ReturnValueUpdatedNew,
			UpdateExpression: built.Update(), ConditionExpression: built.Condition(),
			ExpressionAttributeNames: built.Names(), ExpressionAttributeValues: built.Values()})
		var refused *types.ConditionalCheckFailedException
		if limit == 2 {
			if !errors.As(err, &refused) {
				t.Fatalf("%v", err)
			}
			equal(t, refused.ErrorMessage(), "The conditional request failed")
			continue
		}
		must(t, err)
		var got song
		must(t, attributevalue.UnmarshalMap(answer.Attributes, &got))
		equal(t, got, song{Title: "second", Plays: 3})
	}
}

func TestQueriesPageInBothDirections(t *testing.T) {
	for i := 1; i <= 20; i++ {
		put(t, song{Artist: "Query", Track: i, Plays: i % 2})
	}
	built, err := expression.NewBuilder().
		WithKeyCondition(expression.Key("Artist").Equal(expression.Value("Query")).And(expression.Key("Track").Between(expression.Value(3), expression.Value(12)))).
		WithFilter(expression.Name("Plays").Equal(expression.Value(1))).
		WithProjection(expression.NamesList(expression.Name("Track"))).Build()
	must(t, err)
	for _, forward := range []bool{true, false} {
		pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
			TableName: table, Limit: aws.Int32(4), ScanIndexForward: aws.Bool(forward), KeyConditionExpression: built.KeyCondition(),
			FilterExpression: built.Filter(), ProjectionExpression: built.Projection(),
			ExpressionAttributeNames: built.Names(), ExpressionAttributeValues: built.Values()})
		var tracks []int
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			must(t, err)
			var songs []song
			must(t, attributevalue.UnmarshalListOfMaps(page.Items, &songs))
			for _, s := range songs {
				tracks = append(tracks, s.Track)
			}
		}
		want := []int{3, 5, 7, 9, 11}
		if !forward {
			want = []int{11, 9, 7, 5, 3}
		}
		equal(t, tracks, want)
	}
}

func TestTransactionsAndStatements(t *testing.T) {
	put(t, song{Artist: "Tx", Track: 1, Plays: 1})
	write := &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: table, Item: key("Tx", 2), ConditionExpression: aws.String("attribute_not_exists(Artist)")}},
		{Delete: &types.Delete{TableName: table, Key: key("Tx", 1)}}}}
	_, err := client.TransactWriteItems(ctx, write)
	must(t, err)
	write.ClientRequestToken = nil
	_, err = client.TransactWriteItems(ctx, write)
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		t.Fatalf("%v", err)
	}
	equal(t, []string{*canceled.CancellationReasons[0].Code, *canceled.CancellationReasons[1].Code}, []string{"ConditionalCheckFailed", "None"})

	answer, err := client.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{
		Statement:  aws.String(`SELECT Track FROM "GoSongs" WHERE Artist = ?`),
		Parameters: []types.AttributeValue{&types.AttributeValueMemberS{Value: "Tx"}}})
	must(t, err)
	equal(t, answer.Items, []map[string]types.AttributeValue{{"Track": &types.AttributeValueMemberN{Value: "2"}}})
}

func TestErrorsHaveTheirTypesAndAreNotTriedAgain(t *testing.T) {
	_, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("Nowhere")})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		t.Fatalf("%v", err)
	}
	_, err = client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key("Tx", 1), ProjectionExpression: aws.String("a b")})
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != "ValidationException" {
		t.Fatalf("%v", err)
	}
}

func TestLongAnswersPassTheChecksumPlainAndCompressed(t *testing.T) {
	for i := 0; i < 30; i++ {
		put(t, song{Artist: "Long", Track: i, Title: fmt.Sprintf("%030000d", i)})
	}
	for _, compressed := range []bool{false, true} {
		reader := connect(func(o *dynamodb.Options) { o.EnableAcceptEncodingGzip = compressed })
		answer, err := reader.Query(ctx, &dynamodb.QueryInput{
			TableName: table, KeyConditionExpression: aws.String("Artist = :a"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":a": &types.AttributeValueMemberS{Value: "Long"}}})
		must(t, err)
		equal(t, answer.Count, int32(30))
	}
}

func TestFiftyGoroutinesWriteAndRead(t *testing.T) {
	var group sync.WaitGroup
	failures := make(chan error, 50)
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for j := 0; j < 10; j++ {
				item := key(fmt.Sprint("parallel ", i), j)
				if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: item}); err != nil {
					failures <- err
					return
				}
				answer, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: item})
				if err != nil || len(answer.Item) != 2 {
					failures <- fmt.Errorf("%v: %w", answer, err)
					return
				}
			}
		}(i)
	}
	group.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
}
